"""V4L2's stateless decoders (Rockchip's, Amlogic's, NXP's boards): they keep nothing of a stream but its pictures, so the
headers are read here, and each access unit goes in with all that a device has to know of it (Linux' request API)."""
