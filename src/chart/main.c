/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - cordon-chart: one document in, one picture out (README.md beside this file). */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "chart/draw.h"
#include "fd.h"
#include "json.h"
#include "str.h"

#if defined(__SANITIZE_ADDRESS__)
/* A leak checker wants a process of its own, which the box does not allow; the replay of the fuzz
 * target looks for leaks. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

static const char usage[] =
    "usage: cordon-chart [--flame] --format svg|png [--width N] [--height N] [--scale N]\n"
    "                    [--theme light|dark] <DOCUMENT >PICTURE\n"
    "Draws the JSON document on standard input: what `cordon bench --json` says, or with\n"
    "--flame a profile. Sizes are pixels, from 480 by 320 to 4000 by 4000.\n";

static int say(const char *text)
{
    (void)fprintf(stderr, "cordon-chart: %s\n", text);
    return 1;
}

static int number(const char *name, const char *text, unsigned long least, unsigned long most,
                  unsigned *ret, struct error *err)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno || end == text || *end || value < least || value > most || strchr(text, '-'))
        return fail_caller(err, EINVAL, "--%s: \"%s\" is not a number from %lu to %lu", name, text,
                           least, most);
    *ret = (unsigned)value;
    return 0;
}

static const struct option options[] = {
    { "flame", no_argument, NULL, 'f' },
    { "format", required_argument, NULL, 'o' },
    { "width", required_argument, NULL, 'w' },
    { "height", required_argument, NULL, 'h' },
    { "scale", required_argument, NULL, 's' },
    { "theme", required_argument, NULL, 't' },
    { "help", no_argument, NULL, 'H' },
    { "version", no_argument, NULL, 'V' },
    { NULL, 0, NULL, 0 },
};

static int take_format(const char *text, struct order *order, struct error *err)
{
    if (strcmp(text, "svg") != 0 && strcmp(text, "png") != 0)
        return fail_caller(err, EINVAL, "--format: svg and png are allowed");
    order->png = strcmp(text, "png") == 0;
    return 0;
}

static int take_theme(const char *text, struct order *order, struct error *err)
{
    order->theme = theme_find(text);
    return order->theme ? 0 : fail_caller(err, EINVAL, "--theme: light and dark are allowed");
}

/* 1 where the answer was given already. */
static int take_option(int option, struct order *order, bool *has_format, struct error *err)
{
    switch (option) {
    case 'f':
        order->flame = true;
        return 0;
    case 'o':
        *has_format = true;
        return take_format(optarg, order, err);
    case 'w':
        return number("width", optarg, CHART_WIDTH_LEAST, CHART_SIZE_MOST, &order->width, err);
    case 'h':
        return number("height", optarg, CHART_HEIGHT_LEAST, CHART_SIZE_MOST, &order->height, err);
    case 's':
        return number("scale", optarg, 1, CHART_SCALE_MOST, &order->scale, err);
    case 't':
        return take_theme(optarg, order, err);
    case 'H':
        (void)fputs(usage, stdout);
        return 1;
    case 'V':
        (void)puts("cordon-chart " CORDON_VERSION);
        return 1;
    default:
        return fail_caller(err, EINVAL, "unknown option; --help lists them");
    }
}

static int take_options(int argc, char **argv, struct order *order, struct error *err)
{
    bool has_format = false;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        int r = take_option(option, order, &has_format, err);
        if (r != 0)
            return r;
    }
    if (optind < argc)
        return fail_caller(err, EINVAL, "the document comes on standard input");
    return has_format ? 0 : fail_caller(err, EINVAL, "--format svg or --format png is missing");
}

int main(int argc, char **argv)
{
    struct error err = { 0 };
    struct order order = order_default();
    int r = take_options(argc, argv, &order, &err);
    if (r != 0)
        return r > 0 ? 0 : say(err.text);
    autofree char *text = NULL, *picture = NULL;
    size_t len = 0, size = 0;
    if (fd_read_all(STDIN_FILENO, JSON_BYTES_MAX, &text, &len, &err) < 0 ||
        draw(&order, text, len, &picture, &size, &err) < 0 ||
        fd_write_all(STDOUT_FILENO, picture, size, &err) < 0)
        return say(err.text);
    return 0;
}
