"""V4L2's stateless decoders (boards with chips of Rockchip, NXP, MediaTek, Allwinner): they keep nothing of a stream
but its pictures, so headers are read here, and each frame goes in with all that has to be known of it (request API)."""
