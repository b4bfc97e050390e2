#include "crawler/extract_tag.h"

#include <string.h>

#define NAME(s) {s, sizeof(s) - 1}
#define URL(name, attr) {NAME(name), ATTR_##attr, VALUE_URL}
#define MANY(name, attr, kind) {NAME(name), ATTR_##attr, VALUE_##kind}
#define NO_REL false
#define REL true

/* By the length of the name; group_of_length says where each begins. */
static const struct extract_tag tags[] = {
    {NAME("a"), TAG_A, REL, {URL("href", HREF), MANY("ping", PING, SPACES)}},
    {NAME("q"), TAG_Q, NO_REL, {URL("cite", CITE)}},
    {NAME("td"), TAG_TD, NO_REL, {URL("background", BACKGROUND)}},
    {NAME("th"), TAG_TH, NO_REL, {URL("background", BACKGROUND)}},
    {NAME("tr"), TAG_TR, NO_REL, {URL("background", BACKGROUND)}},
    {NAME("img"),
     TAG_IMG,
     NO_REL,
     {URL("src", SRC), MANY("srcset", SRCSET, SRCSET), URL("longdesc", LONGDESC),
      URL("lowsrc", LOWSRC), URL("dynsrc", DYNSRC)}},
    {NAME("ins"), TAG_INS, NO_REL, {URL("cite", CITE)}},
    {NAME("del"), TAG_DEL, NO_REL, {URL("cite", CITE)}},
    {NAME("link"), TAG_LINK, REL, {URL("href", HREF), MANY("imagesrcset", IMAGESRCSET, SRCSET)}},
    {NAME("area"), TAG_AREA, REL, {URL("href", HREF), MANY("ping", PING, SPACES)}},
    {NAME("base"), TAG_BASE, NO_REL, {URL("href", HREF)}},
    {NAME("meta"), TAG_META, NO_REL, {MANY("content", CONTENT, REFRESH)}},
    {NAME("form"), TAG_FORM, REL, {URL("action", ACTION)}},
    {NAME("body"), TAG_BODY, NO_REL, {URL("background", BACKGROUND)}},
    {NAME("html"), TAG_HTML, NO_REL, {URL("manifest", MANIFEST)}},
    {NAME("head"), TAG_HEAD, NO_REL, {MANY("profile", PROFILE, SPACES)}},
    /* The tree builder makes an img of it (13.2.6.4.7). */
    {NAME("image"),
     TAG_IMG,
     NO_REL,
     {URL("src", SRC), MANY("srcset", SRCSET, SRCSET), URL("longdesc", LONGDESC),
      URL("lowsrc", LOWSRC), URL("dynsrc", DYNSRC)}},
    {NAME("input"), TAG_INPUT, NO_REL, {URL("src", SRC), URL("formaction", FORMACTION)}},
    {NAME("frame"), TAG_FRAME, NO_REL, {URL("src", SRC), URL("longdesc", LONGDESC)}},
    {NAME("video"), TAG_VIDEO, NO_REL, {URL("src", SRC), URL("poster", POSTER)}},
    {NAME("audio"), TAG_AUDIO, NO_REL, {URL("src", SRC)}},
    {NAME("track"), TAG_TRACK, NO_REL, {URL("src", SRC)}},
    {NAME("embed"), TAG_EMBED, NO_REL, {URL("src", SRC)}},
    {NAME("table"), TAG_TABLE, NO_REL, {URL("background", BACKGROUND)}},
    {NAME("script"), TAG_SCRIPT, NO_REL, {URL("src", SRC)}},
    {NAME("iframe"), TAG_IFRAME, NO_REL, {URL("src", SRC), URL("longdesc", LONGDESC)}},
    {NAME("source"), TAG_SOURCE, NO_REL, {URL("src", SRC), MANY("srcset", SRCSET, SRCSET)}},
    {NAME("button"), TAG_BUTTON, NO_REL, {URL("formaction", FORMACTION)}},
    {NAME("object"),
     TAG_OBJECT,
     NO_REL,
     {URL("data", DATA), URL("codebase", CODEBASE), URL("classid", CLASSID),
      MANY("archive", ARCHIVE, SPACES)}},
    {NAME("applet"),
     TAG_APPLET,
     NO_REL,
     {URL("codebase", CODEBASE), MANY("archive", ARCHIVE, COMMAS)}},
    {NAME("blockquote"), TAG_BLOCKQUOTE, NO_REL, {URL("cite", CITE)}},
};

enum { LONGEST = 10 };
static const unsigned char group_of_length[LONGEST + 2] = {0,  0,  2,  5,  8,  16,
                                                           24, 30, 30, 30, 30, 31};

const struct extract_tag *extract_tag_of(struct str name) {
    if (name.len == 0 || name.len > LONGEST)
        return NULL;
    for (unsigned i = group_of_length[name.len]; i < group_of_length[name.len + 1]; i++) {
        if (tags[i].name.ptr[0] == name.ptr[0] && memcmp(tags[i].name.ptr, name.ptr, name.len) == 0)
            return &tags[i];
    }
    return NULL;
}

uint8_t extract_tag_number(const struct extract_tag *tag) {
    return (uint8_t)(tag - tags + 1);
}

const struct extract_tag *extract_tag_by(uint8_t number) {
    return number == EXTRACT_NO_URLS ? NULL : &tags[number - 1];
}

/* Nearly all names differ in their length or their first byte. */
static bool is_same(struct str a, struct str b) {
    return a.len == b.len && a.ptr[0] == b.ptr[0] && memcmp(a.ptr, b.ptr, a.len) == 0;
}

uint8_t extract_attr_number(const struct extract_tag *tag, struct str name) {
    for (uint8_t i = 0; i < EXTRACT_TAG_ATTRS && tag->attrs[i].name.len; i++)
        if (is_same(tag->attrs[i].name, name))
            return (uint8_t)(i + 1);
    if (tag->has_rel && is_same(name, STR("rel")))
        return EXTRACT_REL;
    if (tag->tag == TAG_META && is_same(name, STR("http-equiv")))
        return EXTRACT_HTTP_EQUIV;
    return tag->tag == TAG_META && is_same(name, STR("charset")) ? EXTRACT_CHARSET : 0;
}
