"""From the raw figures to what docs/performance.md shows: tables between its marks, and pictures beside it."""
