/* A line with a delay, for measuring: relays TCP connections and hands every byte on so many milliseconds after it came, in either direction.
 *
 *   delayed_line TARGET-PORT MILLISECONDS     prints the port it listens on, on loopback; ends with its standard input
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 64 << 10, MOST_QUEUED = 64 << 20 };

struct piece {
  struct piece *next;
  struct timespec due;
  ssize_t count;
  char bytes[PIECE];
};

/* One direction of a connection: a thread that takes, one that gives, and what is on its way between them. */
struct direction {
  int from, to;
  struct piece *first, **last;
  size_t queued;
  int has_ended;
  pthread_mutex_t lock;
  pthread_cond_t changed;
};

static long delay_ns;

static void *take(void *context) {
  struct direction *line = context;
  for (;;) {
    struct piece *piece = malloc(sizeof *piece);
    if (!piece) abort();
    piece->next = NULL;
    piece->count = recv(line->from, piece->bytes, PIECE, 0);
    clock_gettime(CLOCK_MONOTONIC, &piece->due);
    piece->due.tv_nsec += delay_ns;
    piece->due.tv_sec += piece->due.tv_nsec / 1000000000;
    piece->due.tv_nsec %= 1000000000;
    pthread_mutex_lock(&line->lock);
    if (piece->count <= 0) {
      line->has_ended = 1;
      free(piece);
    } else {
      *line->last = piece;
      line->last = &piece->next;
      line->queued += (size_t)piece->count;
    }
    pthread_cond_broadcast(&line->changed);
    while (line->queued > MOST_QUEUED) pthread_cond_wait(&line->changed, &line->lock);
    int has_ended = line->has_ended;
    pthread_mutex_unlock(&line->lock);
    if (has_ended) return NULL;
  }
}

static void *give(void *context) {
  struct direction *line = context;
  for (;;) {
    pthread_mutex_lock(&line->lock);
    while (!line->first && !line->has_ended) pthread_cond_wait(&line->changed, &line->lock);
    struct piece *piece = line->first;
    if (piece) {
      line->first = piece->next;
      if (!line->first) line->last = &line->first;
      line->queued -= (size_t)piece->count;
      pthread_cond_broadcast(&line->changed);
    }
    pthread_mutex_unlock(&line->lock);
    if (!piece) {
      shutdown(line->to, SHUT_WR);
      return NULL;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &piece->due, NULL);
    for (ssize_t done = 0; done < piece->count;) {
      ssize_t count = send(line->to, piece->bytes + done, (size_t)(piece->count - done), MSG_NOSIGNAL);
      if (count <= 0) break;
      done += count;
    }
    free(piece);
  }
}

static void relay(int from, int to) {
  struct direction *line = calloc(1, sizeof *line);
  if (!line) abort();
  line->from = from;
  line->to = to;
  line->last = &line->first;
  pthread_mutex_init(&line->lock, NULL);
  pthread_cond_init(&line->changed, NULL);
  pthread_t thread;
  if (pthread_create(&thread, NULL, take, line) || pthread_detach(thread)) abort();
  if (pthread_create(&thread, NULL, give, line) || pthread_detach(thread)) abort();
}

struct ends {
  int listener;
  struct sockaddr_in server;
};

static void *accept_all(void *context) {
  int listener = ((struct ends *)context)->listener, on = 1;
  struct sockaddr_in server = ((struct ends *)context)->server;
  for (;;) {
    int near = accept(listener, NULL, NULL), far = socket(AF_INET, SOCK_STREAM, 0);
    if (near < 0) return NULL;
    if (connect(far, (struct sockaddr *)&server, sizeof server)) {
      close(near);
      close(far);
      continue;
    }
    setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    relay(near, far);
    relay(far, near);
  }
}

int main(int count, char **words) {
  if (count != 3) return 2;
  delay_ns = strtol(words[2], NULL, 10) * 1000000;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof here;
  if (bind(listener, (struct sockaddr *)&here, length) || listen(listener, 16) || getsockname(listener, (struct sockaddr *)&here, &length)) {
    perror("delayed_line");
    return 1;
  }
  printf("%d\n", ntohs(here.sin_port));
  fflush(stdout);
  struct ends ends = {.listener = listener, .server = here};
  ends.server.sin_port = htons((in_port_t)strtol(words[1], NULL, 10));
  pthread_t thread;
  if (pthread_create(&thread, NULL, accept_all, &ends)) return 1;
  while (getchar() != EOF) {}
  return 0;
}
