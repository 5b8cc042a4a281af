/* SPDX-License-Identifier: Apache-2.0 */
#include "base64.h"

#include "str.h"

char *base64(const void *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = bytes;
    size_t groups = (len + 2) / 3;
    char *text = xcalloc(groups * 4 + 1, 1), *out = text;
    for (size_t i = 0; i < len; i += 3) {
        unsigned value = (unsigned)in[i] << 16;
        value |= i + 1 < len ? (unsigned)in[i + 1] << 8 : 0;
        value |= i + 2 < len ? in[i + 2] : 0;
        *out++ = digits[value >> 18];
        *out++ = digits[value >> 12 & 63];
        *out++ = i + 1 < len ? digits[value >> 6 & 63] : '=';
        *out++ = i + 2 < len ? digits[value & 63] : '=';
    }
    return text;
}
