"""What a release ships, tried as its users do."""
