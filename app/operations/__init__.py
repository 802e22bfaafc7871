"""What operators do with read models and backups, asked for over HTTP as jobs or typed at the terminal."""
