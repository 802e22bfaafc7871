"""The demo company, the first start, and the story that `letopis demo` tells."""
