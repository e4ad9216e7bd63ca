"""`pulser replay`: what is stored runs through the code of now, and what differs from then is told. Nothing is sent."""
