/* SPDX-License-Identifier: Apache-2.0 */
#include "chart/font.h"

#include <cairo-ft.h>
#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "str.h"

#define FONTS_BELOW "/usr/share/fonts"

/* Of so many one will do. */
#define FONTS_MAX 2000

/* In em/1000: hints of pixels would make widths depend on the size. */
#define MEASURED_AT 1000.0

/* A picture has a handful of sizes. */
#define SCALED_MAX 32

struct scaled {
    double size, scale;
    bool bold;
    cairo_scaled_font_t *font;
};

struct font {
    char *family;
    FT_Library library;
    FT_Face faces[2]; /* regular, bold */
    cairo_font_face_t *cairo[2];
    struct scaled scaled[SCALED_MAX];
    size_t scaled_count;
};

/* --- where they are ----------------------------------------------------------------------- */

/* Debian and its kin; Fedora; Arch; Alpine. Two looks instead of a scan of all fonts. */
static const char *const dejavu[][2] = {
    { FONTS_BELOW "/truetype/dejavu/DejaVuSans.ttf",
      FONTS_BELOW "/truetype/dejavu/DejaVuSans-Bold.ttf" },
    { FONTS_BELOW "/dejavu-sans-fonts/DejaVuSans.ttf",
      FONTS_BELOW "/dejavu-sans-fonts/DejaVuSans-Bold.ttf" },
    { FONTS_BELOW "/TTF/DejaVuSans.ttf", FONTS_BELOW "/TTF/DejaVuSans-Bold.ttf" },
    { FONTS_BELOW "/dejavu/DejaVuSans.ttf", FONTS_BELOW "/dejavu/DejaVuSans-Bold.ttf" },
};

/* Without DejaVu: the first of these that is there, then any. */
static const char *const liked[] = { "Liberation Sans", "Noto Sans", "Open Sans", "Roboto",
                                     "Cantarell",       "Ubuntu",    "FreeSans",  "Arimo",
                                     "Nimbus Sans",     "Lato" };

static char *text_of(const FcPattern *pattern, const char *what)
{
    FcChar8 *text = NULL;
    return FcPatternGetString(pattern, what, 0, &text) == FcResultMatch ? (char *)text : NULL;
}

static bool is_bold(const FcPattern *pattern)
{
    int weight = 0;
    return FcPatternGetInteger(pattern, FC_WEIGHT, 0, &weight) == FcResultMatch &&
           weight >= FC_WEIGHT_BOLD;
}

/* Lower is better; files of equal rank are told apart by their names, or the order of a
 * directory would choose. */
static size_t rank(const FcPattern *pattern)
{
    const char *family = text_of(pattern, FC_FAMILY);
    for (size_t i = 0; i < COUNT(liked); i++)
        if (family && strcmp(family, liked[i]) == 0)
            return i;
    return COUNT(liked);
}

static bool better(const FcPattern *a, const FcPattern *b)
{
    if (!b)
        return true;
    size_t x = rank(a), y = rank(b);
    return x != y ? x < y : strcmp(text_of(a, FC_FILE), text_of(b, FC_FILE)) < 0;
}

static bool usable(const FcPattern *pattern)
{
    FcCharSet *has = NULL;
    return text_of(pattern, FC_FILE) && text_of(pattern, FC_FAMILY) &&
           FcPatternGetCharSet(pattern, FC_CHARSET, 0, &has) == FcResultMatch &&
           FcCharSetHasChar(has, 'a') && FcCharSetHasChar(has, '0');
}

static FcFontSet *list_upright(FcConfig *config)
{
    FcPattern *wanted =
        FcPatternBuild(NULL, FC_SCALABLE, FcTypeBool, FcTrue, FC_SLANT, FcTypeInteger,
                       FC_SLANT_ROMAN, FC_WIDTH, FcTypeInteger, FC_WIDTH_NORMAL, (char *)NULL);
    FcObjectSet *told = FcObjectSetBuild(FC_FILE, FC_FAMILY, FC_WEIGHT, FC_CHARSET, (char *)NULL);
    FcFontSet *found = FcFontList(config, wanted, told);
    FcObjectSetDestroy(told);
    FcPatternDestroy(wanted);
    return found;
}

/* The best of a weight, in a family or (NULL) in any. */
static const FcPattern *best_of(const FcFontSet *found, bool bold, const char *family)
{
    const FcPattern *best = NULL;
    for (int i = 0; i < found->nfont; i++) {
        const FcPattern *font = found->fonts[i];
        if (usable(font) && is_bold(font) == bold &&
            (!family || strcmp(text_of(font, FC_FAMILY), family) == 0) && better(font, best))
            best = font;
    }
    return best;
}

static void choose(const FcFontSet *found, char *files[2])
{
    const FcPattern *regular = best_of(found, false, NULL);
    const FcPattern *bold = best_of(found, true, regular ? text_of(regular, FC_FAMILY) : NULL);
    if (!regular && !bold)
        return;
    files[0] = xstrdup(text_of(regular ? regular : bold, FC_FILE));
    files[1] = xstrdup(text_of(bold ? bold : regular, FC_FILE));
}

static FcConfig *all_fonts; /* nftw() has no context */
static unsigned fonts_left;

static int add_file(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    static const char *const endings[] = { ".ttf", ".otf", ".ttc" };
    (void)st;
    (void)place;
    for (size_t i = 0; kind == FTW_F && i < COUNT(endings); i++)
        if (ends_with(path, endings[i])) {
            (void)FcConfigAppFontAddFile(all_fonts, (const FcChar8 *)path);
            return --fonts_left == 0;
        }
    return 0;
}

/* Reads every font, which takes a while where there are many. File by file: for a directory
 * fontconfig wants a place to cache what it found, and a box has none. */
static void look_everywhere(char *files[2])
{
    all_fonts = FcConfigCreate();
    fonts_left = FONTS_MAX;
    if (!all_fonts)
        return;
    (void)nftw(FONTS_BELOW, add_file, 16, FTW_PHYS);
    FcFontSet *found = list_upright(all_fonts);
    if (found) {
        choose(found, files);
        FcFontSetDestroy(found);
    }
    FcConfigDestroy(all_fonts);
}

static void find_files(char *files[2])
{
    for (size_t i = 0; i < COUNT(dejavu); i++)
        if (access(dejavu[i][0], R_OK) == 0) {
            files[0] = xstrdup(dejavu[i][0]);
            files[1] = xstrdup(access(dejavu[i][1], R_OK) == 0 ? dejavu[i][1] : dejavu[i][0]);
            return;
        }
    look_everywhere(files);
}

/* --- life -------------------------------------------------------------------------------- */

int font_open(struct font **ret, struct error *err)
{
    char *files[2] = { NULL, NULL };
    find_files(files);
    struct font *font = xcalloc(1, sizeof(*font));
    bool good = files[0] && FT_Init_FreeType(&font->library) == 0;
    for (size_t i = 0; i < 2; i++) {
        good = good && FT_New_Face(font->library, files[i], 0, &font->faces[i]) == 0;
        free(files[i]);
        if (good)
            font->cairo[i] = cairo_ft_font_face_create_for_ft_face(font->faces[i], 0);
    }
    if (!good) {
        font_free(font);
        return fail_host_as(err, ENOENT,
                            "no font found below " FONTS_BELOW
                            ": install one, such as Debian's package fonts-dejavu-core");
    }
    font->family = xstrdup(font->faces[0]->family_name ? font->faces[0]->family_name : "sans");
    *ret = font;
    return 0;
}

void font_free(struct font *font)
{
    if (!font)
        return;
    for (size_t i = 0; i < font->scaled_count; i++)
        cairo_scaled_font_destroy(font->scaled[i].font);
    for (size_t i = 0; i < 2; i++)
        if (font->cairo[i])
            cairo_font_face_destroy(font->cairo[i]);
    cairo_debug_reset_static_data(); /* it may hold on to a face for later */
    for (size_t i = 0; i < 2; i++)
        if (font->faces[i])
            FT_Done_Face(font->faces[i]);
    if (font->library)
        FT_Done_FreeType(font->library);
    free(font->family);
    free(font);
}

const char *font_family(const struct font *font)
{
    return font->family;
}

/* --- measuring ------------------------------------------------------------------------------ */

struct _cairo_scaled_font *font_scaled(const struct font *font, double size, bool bold,
                                       double scale)
{
    /* What was made is kept: that is no change that anybody sees. */
    struct font *cache = (struct font *)(uintptr_t)font;
    for (size_t i = 0; i < cache->scaled_count; i++) {
        struct scaled *one = &cache->scaled[i];
        if (one->size == size && one->bold == bold && one->scale == scale)
            return one->font;
    }
    if (cache->scaled_count == SCALED_MAX)
        cairo_scaled_font_destroy(cache->scaled[--cache->scaled_count].font);
    cairo_matrix_t matrix, device;
    cairo_matrix_init_scale(&matrix, size, size);
    cairo_matrix_init_scale(&device, scale, scale);
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    struct scaled *one = &cache->scaled[cache->scaled_count++];
    *one =
        (struct scaled){ size, scale, bold,
                         cairo_scaled_font_create(font->cairo[bold], &matrix, &device, options) };
    cairo_font_options_destroy(options);
    return one->font;
}

double font_width(const struct font *font, const char *text, double size, bool bold)
{
    cairo_text_extents_t extents;
    cairo_scaled_font_text_extents(font_scaled(font, MEASURED_AT, bold, 1), text, &extents);
    return extents.x_advance * size / MEASURED_AT;
}

/* The character at `text`, which is valid UTF-8, and how many bytes it has. */
static unsigned long character(const char *text, size_t *bytes)
{
    const unsigned char *at = (const unsigned char *)text;
    *bytes = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    unsigned long value = *bytes == 1 ? at[0] : at[0] & (0xffU >> (*bytes + 1));
    for (size_t i = 1; i < *bytes; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            *bytes = i;
            return 0;
        }
        value = value << 6 | (at[i] & 0x3fU);
    }
    return value;
}

static void show_known(const struct font *font, const char *text, bool bold, struct str *shown)
{
    for (size_t bytes; *text; text += bytes) {
        unsigned long value = character(text, &bytes);
        if (value && FT_Get_Char_Index(font->faces[bold], value))
            str_add(shown, text, bytes);
        else
            str_putc(shown, '?');
    }
}

void font_fit(const struct font *font, const char *text, double size, bool bold, double width,
              char *out, size_t room)
{
    static const char ellipsis[] = "\u2026";
    autostr struct str shown = { 0 };
    str_puts(&shown, "");
    show_known(font, text, bold, &shown);
    size_t len = shown.len;
    bool cut = false;
    while (len > 0 &&
           (len + sizeof(ellipsis) > room || font_width(font, shown.data, size, bold) > width)) {
        do
            len--;
        while (len > 0 && ((unsigned char)shown.data[len] & 0xc0) == 0x80);
        while (len > 0 && shown.data[len - 1] == ' ')
            len--;
        shown.len = len;
        str_puts(&shown, ellipsis);
        cut = true;
    }
    /* Not even the ellipsis has room: then nothing is shown. */
    bool nothing = cut && len == 0;
    (void)snprintf(out, room, "%s", nothing ? "" : shown.data ? shown.data : "");
}
