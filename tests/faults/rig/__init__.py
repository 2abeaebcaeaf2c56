"""What the fault tests need: broken machines, a server to run on them, and somebody who remembers what it promised."""
