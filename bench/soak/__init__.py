"""`make soak`: mixed load while parts fail at random, then a look at what is lost, double or wrong."""
