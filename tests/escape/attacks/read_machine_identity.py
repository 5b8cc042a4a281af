# SPDX-License-Identifier: Apache-2.0
# attack: learns what identifies the machine: its id, boot id, serial numbers
# category: side information
# inside: none of these files is there
import attack

FILES = (
    "/etc/machine-id",
    "/var/lib/dbus/machine-id",
    "/proc/sys/kernel/random/boot_id",
    "/sys/class/dmi/id/product_uuid",
    "/sys/block/vda/serial",
)


def read():
    for file in FILES:
        try:
            if open(file).read(8).strip():
                return
        except OSError as problem:
            last = problem
    raise last


attack.try_to("read an id", read)
