"""Tables out of files as people send them: packed or not, text in any encoding, workbooks; read row by row."""
