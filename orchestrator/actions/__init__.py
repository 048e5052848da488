"""What universal rules did and refused, told by bots."""
