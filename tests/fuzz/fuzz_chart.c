/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the document says, it is refused with a sentence, or there is a whole picture in which
 * every coordinate is a number. The first byte chooses a profile or a benchmark, and the size. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chart/draw.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_picture(const char *svg, size_t size)
{
    static const char end[] = "</svg>\n";
    if (size < sizeof(end) || memcmp(svg + size - (sizeof(end) - 1), end, sizeof(end) - 1) != 0)
        abort();
    if (memmem(svg, size, "\"nan", 4) || memmem(svg, size, "\"inf", 4) ||
        memmem(svg, size, "\"-inf", 5) || memmem(svg, size, "\"-nan", 5))
        abort();
    if (!utf8_valid(svg, size))
        abort();
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)svg[i] < 0x20 && svg[i] != '\n')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct order order = order_default();
    order.flame = data[0] == 'f';
    if (data[0] == 's') {
        order.width = CHART_WIDTH_LEAST;
        order.height = CHART_HEIGHT_LEAST;
    }
    struct error err = { 0 };
    char *svg = NULL;
    size_t len = 0;
    if (draw(&order, (const char *)data + 1, size - 1, &svg, &len, &err) < 0) {
        if (err.code == 0 || !err.text[0])
            abort();
        return 0;
    }
    check_picture(svg, len);
    free(svg);
    return 0;
}
