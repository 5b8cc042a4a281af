/* SPDX-License-Identifier: Apache-2.0 */
#include "chart/theme.h"

#include <string.h>

static const struct theme themes[] = {
    {
        .name = "light",
        .back = 0xffffffff,
        .ink = 0x1c2127ff,
        .muted = 0x5b6673ff,
        .grid = 0xe6eaeeff,
        .axis = 0x9aa5b1ff,
        .series = { 0x0072b2ff, 0xe69f00ff, 0x009e73ff, 0xcc79a7ff, 0x56b4e9ff, 0xb59f00ff },
        .others = 0x98a2adff,
        .alarm = 0xc8400aff,
        .phases = { 0xc9d0d8ff, 0xe69f00ff, 0x98a2adff, 0x56b4e9ff, 0x0072b2ff },
        .flames = { 0xf2c166ff, 0xf0a95bff, 0xf5d27aff, 0xeb9a62ff, 0xf7dd9aff, 0xefb584ff },
        .on_flame = 0x2b1d0eff,
    },
    {
        .name = "dark",
        .back = 0x15191eff,
        .ink = 0xe9edf1ff,
        .muted = 0xa6b1bdff,
        .grid = 0x2a3139ff,
        .axis = 0x5f6b78ff,
        .series = { 0x4da6e0ff, 0xf0b545ff, 0x2fc79bff, 0xe39cc4ff, 0x8ad0f7ff, 0xe6d95cff },
        .others = 0x7b8794ff,
        .alarm = 0xff8552ff,
        .phases = { 0x4a545fff, 0xf0b545ff, 0x7b8794ff, 0x8ad0f7ff, 0x4da6e0ff },
        .flames = { 0xc98f32ff, 0xc77a34ff, 0xd6a347ff, 0xbd6a3aff, 0xdcb35eff, 0xc98a58ff },
        .on_flame = 0x120c05ff,
    },
};

const struct theme *theme_find(const char *name)
{
    for (size_t i = 0; i < COUNT(themes); i++)
        if (strcmp(themes[i].name, name) == 0)
            return &themes[i];
    return NULL;
}
