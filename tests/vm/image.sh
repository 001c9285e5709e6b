#!/usr/bin/env bash
# Builds the guest: image.sh OUT LOCK PYTHON DRIVER writes OUT/root.ext4, and for each of its kernels vmlinuz, initrd.img
# and kernel (its release): the newest one's in OUT, those of Debian 13's own in OUT/plain. Needs root, mmdebstrap,
# e2fsprogs, cpio, kmod, and a PYTHON whose pip can reach its index. Debian 13 with the kernel of its backports, whose
# virtio-gpu has a vblank timer, and its own 6.12, whose virtio-gpu completes each flip at once; vkms, vicodec and visl, which
# Debian doesn't ship, are built from the newest one's source; the Python packages are those of LOCK, for Debian 13's
# Python 3.13, in /opt/site, and in /opt/site-but-av with Debian's PyAV; DRIVER is the source of a VA-API driver. What
# could not be had is a line of OUT/missing: its tests don't run, and the last line of the run counts them.
set -euo pipefail

out=$1 lock=$(realpath "$2") python=$3 driver=$4
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

packages=linux-image-amd64,systemd-sysv,dbus,udev,kmod,iproute2,busybox-static,libportaudio2,fonts-inter
packages+=,python3,python3-pytest,python3-pytest-asyncio,python3-pytest-timeout,python3-hypothesis
packages+=,python3-uinput,python3-evdev
packages+=,python3-av # on the system's FFmpeg, which has VA-API
packages+=,libsdl2-2.0-0,libgl1-mesa-dri,libegl1,libgles2 # SDL's own way to the screen (kmsdrm)

# The machine's own Debian mirror, with another suite.
mirror=$(grep -hoE '[a-z+]+:/[^ ]*/debian/?( |$)' -s /etc/apt/sources.list.d/*.sources /etc/apt/sources.list |
    awk 'NR == 1 { print $1 }') || true
[ -n "$mirror" ] || { echo "There is no Debian mirror in /etc/apt to build the guest from." >&2; exit 1; }

cat >"$work/preferences" <<'END'
Package: src:linux src:linux-signed-amd64 src:linux-base
Pin: release n=trixie-backports
Pin-Priority: 600
END

# Runs in the guest's root. What only the build of modules needs is purged again; it may fail, and its tests then say so.
cat >"$work/modules.sh" <<'END'
set -eu
export DEBIAN_FRONTEND=noninteractive
kernel=$(ls /lib/modules | sort -V | tail -n 1)
release=$(echo "$kernel" | cut -d. -f1,2)
tools="linux-headers-$kernel make gcc libc6-dev xz-utils libva-dev libavcodec-dev"
mkdir /built && cd /built
sources() {
    apt-get install -y -q --no-install-recommends $tools &&
    apt-get download -q "linux-source-$release" &&
    dpkg-deb --fsys-tarfile linux-source-*.deb | tar -xO "./usr/src/linux-source-$release.tar.xz" |
        tar -xJ --strip-components=2 "linux-source-$release/drivers/gpu/drm/vkms" \
            "linux-source-$release/drivers/media/test-drivers/vicodec" \
            "linux-source-$release/drivers/media/test-drivers/visl" \
            "linux-source-$release/drivers/media/v4l2-core/v4l2-mem2mem.c" &&
    mv media/v4l2-core/v4l2-mem2mem.c media/test-drivers &&
    sed -i '/define TRACE_INCLUDE_PATH/s|[^ ]*$|.|' media/test-drivers/visl/*.h && # the kernel's own tree isn't there
    echo 'ccflags-y += -I$(src)' >>media/test-drivers/visl/Makefile &&
    echo "obj-m := v4l2-mem2mem.o vicodec/ visl/" >media/test-drivers/Kbuild
}
# build FOLDER SETTING: its modules, for the newest kernel.
build() {
    make -s -C "/lib/modules/$kernel/build" M="/built/$1" "$2" modules &&
    find "$1" -name '*.ko' -exec strip --strip-debug {} + -exec install -D -m644 -t "/lib/modules/$kernel/updates" {} +
}
sources || echo "the source of kernel $kernel could not be had" >&2
build gpu/drm/vkms CONFIG_DRM_VKMS=m || echo "vkms could not be built for kernel $kernel" | tee -a /missing >&2
build media/test-drivers CONFIG_VIDEO_VICODEC=m ||
    echo "vicodec could not be built for kernel $kernel" | tee -a /missing >&2
build media/test-drivers CONFIG_VIDEO_VISL=m ||
    echo "visl could not be built for kernel $kernel" | tee -a /missing >&2
cd /
gcc -O2 -fPIC -shared -fvisibility=hidden -o "/usr/lib/$(gcc -print-multiarch)/dri/virtio_gpu_drv_video.so" \
    /soft_drv_video.c -lavcodec -lavutil || echo "the VA-API driver could not be built" | tee -a /missing >&2
apt-get purge -y -q --autoremove $tools || true
rm -rf /built
depmod "$kernel"
plain=$(apt-cache search --names-only '^linux-image-6[.]12[.][^ ]*-amd64$' | cut -d' ' -f1 |
    grep -Ev -- '-(rt|cloud)-|unsigned' | sort -V | tail -n 1)
[ -n "$plain" ] && apt-get install -y -q --no-install-recommends "$plain" ||
    echo "Debian's own kernel 6.12, whose virtio-gpu has no vblank, could not be installed" | tee -a /missing >&2
END

mmdebstrap --quiet --variant=minbase --mode=root --format=directory \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-unsafe-io \
    --setup-hook="install -D -m644 '$work/preferences' \"\$1/etc/apt/preferences.d/backports\"" \
    --include="$packages" \
    --customize-hook="cp '$work/modules.sh' '$driver' \"\$1/\" && chroot \"\$1\" sh /modules.sh" \
    --customize-hook="rm \"\$1/modules.sh\" \"\$1/soft_drv_video.c\"" \
    trixie "$root" "deb $mirror trixie main" "deb $mirror trixie-backports main"

"$python" -m pip install --quiet --no-input --no-compile --target "$root/opt/site" --python-version 3.13 \
    --only-binary :all: --no-deps --require-hashes -r "$lock"
mkdir "$root/opt/site-but-av"
for package in "$root"/opt/site/*; do
    case ${package##*/} in
        av | av.libs | av-*) ;;
        *) ln -s "../site/${package##*/}" "$root/opt/site-but-av/" ;;
    esac
done
chroot "$root" python3 -m compileall -q /opt/site >/dev/null || true # one package carries a template that can't compile

touch "$root/missing"
mv "$root/missing" "$out/missing"
mkdir -p "$root/project" "$root/out"

# pack KERNEL TO: the kernel, and an initrd that only finds the disk and the project and leaves the rest to guest/init,
# so that a change of that one needs no new image.
pack() {
    local kernel=$1 to=$2 first=$work/initrd module file name number=100
    mkdir -p "$to"
    echo "$kernel" >"$to/kernel"
    cp "$root/boot/vmlinuz-$kernel" "$to/vmlinuz"
    rm -rf "$first"
    mkdir -p "$first"/{bin,modules,proc,sys,dev,root}
    cp "$root/usr/bin/busybox" "$first/bin/busybox"
    ln -s busybox "$first/bin/sh"
    for module in virtio_pci virtio_blk ext4 9p 9pnet_virtio; do
        modprobe -d "$root" -S "$kernel" --show-depends "$module"
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$work/modules"
    while read -r file; do
        number=$((number + 1))
        name=$(basename "$file")
        case $file in
            *.xz) xz -dc "$file" >"$first/modules/$number-${name%.xz}" ;;
            *) cp "$file" "$first/modules/$number-$name" ;;
        esac
    done <"$work/modules"
    cp "$work/init" "$first/init"
    (cd "$first" && find . | cpio -o -H newc --quiet) >"$to/initrd.img"
    for unused in drivers/net/wireless drivers/net/ethernet drivers/infiniband drivers/scsi drivers/iio drivers/hwmon \
        drivers/staging drivers/media/{usb,pci,i2c,tuners,dvb-frontends,platform,radio,firewire,mmc} sound/soc \
        drivers/gpu/drm/{amd,i915,xe,nouveau,radeon}; do
        rm -rf "$root/lib/modules/$kernel/kernel/$unused"
    done
    depmod -b "$root" "$kernel"
}

cat >"$work/init" <<'END'
#!/bin/sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev; $b mount -t proc proc /proc; $b mount -t sysfs sys /sys
for file in /modules/*; do $b insmod "$file"; done
while [ ! -b /dev/vda ]; do $b usleep 20000; done
$b mount -t ext4 -o noatime /dev/vda /root
$b mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose project /root/project
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=none out /root/out
for place in dev proc sys; do $b mount -o move /$place /root/$place; done
exec $b switch_root /root /bin/sh /project/tests/vm/guest/init
END
chmod +x "$work/init"
newest=$(ls "$root/lib/modules" | sort -V | tail -n 1)
pack "$newest" "$out"
for kernel in "$root"/lib/modules/6.12.*; do
    [ ! -d "$kernel" ] || [ "$(basename "$kernel")" = "$newest" ] || pack "$(basename "$kernel")" "$out/plain"
done
rm -rf "$root"/boot/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
rm -f "$out/root.ext4"
mke2fs -q -t ext4 -L root -O ^metadata_csum -J size=16 -m 0 -d "$root" "$out/root.ext4" 2G
