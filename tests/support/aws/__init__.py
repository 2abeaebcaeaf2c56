"""A local AWS (MiniStack) with the stack of our template in it."""
