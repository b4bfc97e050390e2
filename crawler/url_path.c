#include "crawler/url_path.h"

#include <string.h>

#include "crawler/url_escape.h"

bool url_is_drive(struct str s) {
    return s.len == 2 && ascii_is_alpha(s.ptr[0]) && (s.ptr[1] == ':' || s.ptr[1] == '|');
}

bool url_starts_with_drive(struct str s) {
    return url_is_drive(str_upto(s, 2)) && (s.len == 2 || memchr("/\\?#", s.ptr[2], 4));
}

void url_path_shorten(struct url_path *path) {
    size_t len = (size_t)(path->end - path->start);
    char *slash = len ? memrchr(path->start, '/', len) : NULL;

    if (path->is_file && len == 3 && url_is_drive(str_at(path->start + 1, 2)))
        return;
    path->end = slash ? slash : path->start;
}

/* 1 for ".", 2 for "..", each also as "%2e"; 0 for any other segment. */
static int count_dots(struct str segment) {
    int n = 0;

    while (segment.len && n < 3) {
        if (segment.ptr[0] == '.')
            segment = str_from(segment, 1);
        else if (str_starts_ascii(segment, STR("%2e")))
            segment = str_from(segment, 3);
        else
            return 0;
        n++;
    }
    return n < 3 ? n : 0;
}

/* Copies from |p| to |*w| up to what ends the segment; returns where that is. */
static const char *copy_segment(const char *p, const char *end, bool is_special, char **w) {
    for (;; p++) {
        p = url_copy_run(p, end, URL_PATH_STOP, w);
        if (p == end || *p == '/' || *p == '?' || *p == '#' || (*p == '\\' && is_special))
            return p;
        if (*p == '\\')
            *(*w)++ = '\\';
        else
            *w = url_escape_byte(*w, *p);
    }
}

static void take_dots(struct url_path *path, char *segment, int dots, bool is_last) {
    path->end = segment;
    if (dots == 2)
        url_path_shorten(path);
    if (is_last)
        *path->end++ = '/';
}

void url_path_put(struct url_path *path, struct str *in) {
    const char *p = in->ptr, *end = p + in->len;
    bool is_last;

    do {
        char *segment = path->end, *w = segment;
        int dots = 0;

        *w++ = '/';
        p = copy_segment(p, end, path->is_special, &w);
        is_last = p == end || *p == '?' || *p == '#';
        path->end = w;
        if (w > segment + 1 && (segment[1] == '.' || segment[1] == '%'))
            dots = count_dots(str_at(segment + 1, (size_t)(w - segment - 1)));
        if (dots)
            take_dots(path, segment, dots, is_last);
        else if (path->is_file && segment == path->start &&
                 url_is_drive(str_at(segment + 1, (size_t)(w - segment - 1))))
            segment[2] = ':';
        p += !is_last;
    } while (!is_last);
    *in = str_at(p, (size_t)(end - p));
}
