"""The steps on a cluster, and what they share."""
