"""The adversarial suite: everything that writes and reads the log is killed, stalled and cut off at bad moments."""
