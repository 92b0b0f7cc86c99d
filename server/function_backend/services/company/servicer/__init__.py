"""The servicers of the folder, one file each."""
