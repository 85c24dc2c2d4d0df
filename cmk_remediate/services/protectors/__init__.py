"""What has a protector of transparent data encryption: facts, limits and recipe, for each service that moves such a resource."""
