/* SPDX-License-Identifier: Apache-2.0 */
/* font.h - the fonts of a picture: one family, regular and bold.
 *
 * Its files are looked for at the places where systems keep DejaVu Sans, then by fontconfig
 * below /usr/share/fonts; nobody's own configuration counts, so that the same system gives the
 * same picture for everybody, in a box too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cordon/error.h>

struct font; /* both weights */

/* Fails with a sentence that says what to install where there is no font. */
int font_open(struct font **ret, struct error *err) must_check;
void font_free(struct font *font); /* NULL is fine */

const char *font_family(const struct font *font);

/* The width that `text` takes, in the unit of `size`. */
double font_width(const struct font *font, const char *text, double size, bool bold);

/* Copies `text`: what the font has no glyph for becomes '?', and where it is wider than
 * `width` its end becomes an ellipsis. */
void font_fit(const struct font *font, const char *text, double size, bool bold, double width,
              char *out, size_t room);

/* cairo's own, for whoever draws with it; borrowed. */
struct _cairo_scaled_font;
struct _cairo_scaled_font *font_scaled(const struct font *font, double size, bool bold,
                                       double scale);
