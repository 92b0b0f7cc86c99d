"""What is remembered between calls: in the process, and in Redis or Valkey when there is one."""
