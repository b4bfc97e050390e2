/* make_tables - writes at build time the tables of named character references,
 * from entities.txt, and a perfect hash over the names of elements.
 *
 *   make_tables entities.txt html_entities.inc html_elements.inc
 *
 * Each line of entities.txt is a name (with its semicolon, where it has one)
 * and its code points in hexadecimal; the lines are sorted by name, byte by
 * byte (HTML Standard section 13.5).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/html_names.h"

enum { MAX_ENTITIES = 4096, MAX_NAME = 40 };

struct entity {
    char name[MAX_NAME];
    unsigned code_points[2];
};

static struct entity entities[MAX_ENTITIES];
static size_t n_entities;

static const char *const element_names[] = {"",
#define X(id, name, flags) name,
                                            HTML_ELEMENTS(X)
#undef X
};

static void die(const char *what, const char *detail) {
    fprintf(stderr, "make_tables: %s: %s\n", what, detail);
    exit(1);
}

/* "NAME HEX" or "NAME HEX HEX"; false for anything else. */
static bool read_entity(char *line, struct entity *e) {
    char *end = strchr(line, ' ');

    if (!end || end - line >= MAX_NAME)
        return false;
    memcpy(e->name, line, (size_t)(end - line));
    for (int i = 0; i < 2 && *end == ' '; i++)
        e->code_points[i] = (unsigned)strtoul(end, &end, 16);
    return e->code_points[0] && *end == '\n';
}

static void read_entities(FILE *in) {
    char line[128];

    while (fgets(line, sizeof line, in)) {
        if (n_entities == MAX_ENTITIES)
            die("too many entities", line);
        if (!read_entity(line, &entities[n_entities]))
            die("not an entity", line);
        if (n_entities && strcmp(entities[n_entities - 1].name, entities[n_entities].name) >= 0)
            die("not sorted", line);
        n_entities++;
    }
}

static void write_utf8(FILE *out, unsigned c) {
    if (c < 0x80)
        fprintf(out, "\\%03o", c);
    else if (c < 0x800)
        fprintf(out, "\\%03o\\%03o", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
    else if (c < 0x10000)
        fprintf(out, "\\%03o\\%03o\\%03o", 0xe0 | c >> 12, 0x80 | (c >> 6 & 0x3f),
                0x80 | (c & 0x3f));
    else
        fprintf(out, "\\%03o\\%03o\\%03o\\%03o", 0xf0 | c >> 18, 0x80 | (c >> 12 & 0x3f),
                0x80 | (c >> 6 & 0x3f), 0x80 | (c & 0x3f));
}

/* One by one, because a string literal may not be as long as all names. */
static void write_chars(FILE *out, const char *chars) {
    fprintf(out, "    ");
    for (; *chars; chars++)
        fprintf(out, "'%c', ", *chars);
    fprintf(out, "\n");
}

/* All names behind one another; where each starts, and one more for the end;
 * the text of each, NUL-terminated; and the first name of each first byte. */
static void write_entities(FILE *out) {
    size_t at = 0, i = 0;

    fprintf(out, "enum { ENTITY_COUNT = %zu };\n\nstatic const char entity_names[] = {\n",
            n_entities);
    for (i = 0; i < n_entities; i++)
        write_chars(out, entities[i].name);
    fprintf(out, "};\n\nstatic const uint16_t entity_at[ENTITY_COUNT + 1] = {\n");
    for (i = 0; i < n_entities; at += strlen(entities[i++].name))
        fprintf(out, "    %zu,\n", at);
    fprintf(out, "    %zu};\n\nstatic const char entity_text[ENTITY_COUNT][8] = {\n", at);
    for (i = 0; i < n_entities; i++) {
        fprintf(out, "    \"");
        write_utf8(out, entities[i].code_points[0]);
        if (entities[i].code_points[1])
            write_utf8(out, entities[i].code_points[1]);
        fprintf(out, "\",\n");
    }
    fprintf(out, "};\n\nstatic const uint16_t entity_first[129] = {\n");
    for (unsigned c = 0, first = 0; c <= 128; c++) {
        while (first < n_entities && (unsigned char)entities[first].name[0] < c)
            first++;
        fprintf(out, "    %u,\n", first);
    }
    fprintf(out, "};\n\n");
}

/* Fills |slots| with the elements by |multiplier|; false where two collide. */
static bool fits(uint64_t multiplier, unsigned char *slots) {
    memset(slots, EL_OTHER, 1U << HTML_HASH_BITS);
    for (unsigned i = 1; i < EL_COUNT; i++) {
        uint64_t key = html_name_key(element_names[i], strlen(element_names[i]));
        size_t slot = html_name_slot(key, multiplier);

        if (slots[slot] != EL_OTHER)
            return false;
        slots[slot] = (unsigned char)i;
    }
    return true;
}

static void write_elements(FILE *out) {
    unsigned char slots[1U << HTML_HASH_BITS];
    uint64_t multiplier = 0x9e3779b97f4a7c15U;

    while (!fits(multiplier, slots))
        multiplier = multiplier * 6364136223846793005U + 1442695040888963407U;
    fprintf(out, "const uint64_t html_element_multiplier = UINT64_C(%" PRIu64 ");\n\n", multiplier);
    fprintf(out, "const uint64_t html_element_keys[EL_COUNT] = {\n    0,\n");
    for (unsigned i = 1; i < EL_COUNT; i++)
        fprintf(out, "    UINT64_C(%" PRIu64 "),\n",
                html_name_key(element_names[i], strlen(element_names[i])));
    fprintf(out, "};\n\nconst unsigned char html_element_slots[1U << HTML_HASH_BITS] = {\n");
    for (size_t i = 0; i < 1U << HTML_HASH_BITS; i++)
        fprintf(out, "    %u,\n", slots[i]);
    fprintf(out, "};\n");
}

static FILE *open_or_die(const char *path, const char *mode) {
    FILE *f = fopen(path, mode);

    if (!f)
        die("cannot open", path);
    if (*mode == 'w')
        fprintf(f, "/* Made by crawler/tables/make_tables.c: do not edit. */\n\n");
    return f;
}

static void close_or_die(FILE *f, const char *path) {
    if (ferror(f) || fclose(f))
        die("cannot read or write", path);
}

int main(int argc, char **argv) {
    FILE *in, *out;

    if (argc != 4)
        die("usage", "make_tables entities.txt html_entities.inc html_elements.inc");
    in = open_or_die(argv[1], "r");
    read_entities(in);
    close_or_die(in, argv[1]);
    out = open_or_die(argv[2], "w");
    write_entities(out);
    close_or_die(out, argv[2]);
    out = open_or_die(argv[3], "w");
    write_elements(out);
    close_or_die(out, argv[3]);
    return 0;
}
