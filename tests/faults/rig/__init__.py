"""What the fault tests need: broken machines, a server to run on them, and a model of what was requested of it."""
