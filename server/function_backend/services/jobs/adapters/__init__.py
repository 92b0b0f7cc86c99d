"""What the use cases of jobs need from outside of the folder."""
