"""What the product says: messages in both languages, problem documents, the description of the interface."""
