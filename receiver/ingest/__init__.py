"""From datagrams to whole encoded frames, with the feedback that keeps them coming."""
