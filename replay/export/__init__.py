"""The log as files for other engines, and a read model folded from them."""
