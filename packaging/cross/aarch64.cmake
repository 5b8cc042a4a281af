# SPDX-License-Identifier: Apache-2.0
# aarch64.cmake - how a host of another kind builds for aarch64; CORDON_SYSROOT is what
# packaging/cross/unpacked made.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CORDON_SYSROOT)

set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_STRIP aarch64-linux-gnu-strip)
set(CMAKE_SYSROOT ${CORDON_SYSROOT})
# The compiler's own C library may be older than the distribution's, which has its corrections.
add_link_options(-B${CORDON_SYSROOT}/usr/lib/aarch64-linux-gnu -L${CORDON_SYSROOT}/usr/lib/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

# pkg-config knows these machines' libraries by the sysroot's own descriptions and no others.
set(ENV{PKG_CONFIG_PATH} "")
set(ENV{PKG_CONFIG_LIBDIR}
    ${CORDON_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${CORDON_SYSROOT}/usr/share/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${CORDON_SYSROOT})

# Where the programs can be tried, they are; else nothing that needs a try is used.
find_program(CORDON_EMULATOR NAMES qemu-aarch64-static qemu-aarch64)
if(CORDON_EMULATOR)
    set(CMAKE_CROSSCOMPILING_EMULATOR ${CORDON_EMULATOR})
else()
    set(HAS_packed_relocations_EXITCODE 1)
endif()
