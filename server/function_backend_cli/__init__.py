"""The command line: runs the service, and talks to one."""
