"""What services that move disks have in common: the disk encryption sets, and what a disk on one is found like."""
