"""What the tests share: programs, networks, engines, and second opinions."""
