"""Virtual environments for workers whose libraries cannot live beside Quintet's own."""
