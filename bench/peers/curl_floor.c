/* curl_floor - what libcurl takes to fetch a list and drop it: its multi interface on an epoll
 * loop, a fixed number of handles that are used again and again.
 *
 *     curl_floor LIST OUT IN_FLIGHT
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

enum { EVENTS = 64, URL_BYTES = 4096 };

static CURLM *multi;
static int loop;
static FILE *list;
static long timer_ms = -1;
static size_t pages;

static size_t drop(char *bytes, size_t size, size_t n, void *arg) {
    (void)bytes, (void)arg;
    return size * n;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known) {
    struct epoll_event event = {.data.fd = fd};

    (void)easy, (void)arg;
    if (what == CURL_POLL_REMOVE)
        return epoll_ctl(loop, EPOLL_CTL_DEL, fd, NULL) & 0;
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0U) | (what & CURL_POLL_OUT ? EPOLLOUT : 0U);
    (void)epoll_ctl(loop, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    curl_multi_assign(multi, fd, &loop);
    return 0;
}

static int on_timer(CURLM *m, long ms, void *arg) {
    (void)m, (void)arg;
    timer_ms = ms;
    return 0;
}

/* The next URL of the list on this handle; 0: there is none. */
static int begin(CURL *easy) {
    char url[URL_BYTES];

    if (!fgets(url, sizeof url, list))
        return 0;
    url[strcspn(url, "\n")] = '\0';
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_multi_add_handle(multi, easy);
    return 1;
}

static int take_ended(void) {
    struct CURLMsg *message;
    int left, ended = 0;

    while ((message = curl_multi_info_read(multi, &left))) {
        CURL *easy = message->easy_handle;

        pages += message->data.result == CURLE_OK;
        curl_multi_remove_handle(multi, easy);
        ended += !begin(easy);
    }
    return ended;
}

static void turn(void) {
    struct epoll_event events[EVENTS];
    int n = timer_ms == 0 ? 0 : epoll_wait(loop, events, EVENTS, (int)timer_ms), running;

    if (n <= 0) {
        timer_ms = -1;
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    for (int i = 0; i < n; i++)
        curl_multi_socket_action(multi, events[i].data.fd,
                                 (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                                     (events[i].events & ~(unsigned)EPOLLOUT ? CURL_CSELECT_IN : 0),
                                 &running);
}

int main(int argc, char **argv) {
    long in_flight = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
    int under_way = 0;

    if (in_flight <= 0 || !(list = fopen(argv[1], "r")) || curl_global_init(CURL_GLOBAL_DEFAULT))
        return 1;
    multi = curl_multi_init();
    loop = epoll_create1(EPOLL_CLOEXEC);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 2 * in_flight);
    for (long i = 0; i < in_flight; i++) {
        CURL *easy = curl_easy_init();

        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
        curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        under_way += begin(easy);
    }
    while (under_way > 0) {
        turn();
        under_way -= take_ended();
    }
    printf("%zu 0\n", pages);
    return 0;
}
