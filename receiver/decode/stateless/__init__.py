"""V4L2's stateless decoders (boards with chips of Rockchip's, NXP's or MediaTek's): they keep nothing of a stream but its
pictures, so the headers are read here, and each frame goes in with all that has to be known of it (Linux' request API)."""
