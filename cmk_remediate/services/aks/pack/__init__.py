"""The rebuild pack: what somebody needs who builds the new cluster."""
