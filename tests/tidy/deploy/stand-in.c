/* Stands in for the program inside of the image: says who it is and what it may write. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char *writes(const char *path) {
    return open(path, O_CREAT | O_WRONLY, 0600) < 0 ? "no" : "yes";
}

int main(int count, char **words) {
    printf("user %d:%d\n", getuid(), getgid());
    printf("argument %s\n", count > 1 ? words[1] : "none");
    printf("writes / %s, /data %s, /tmp %s\n", writes("/stand-in"), writes("/data/stand-in"), writes("/tmp/stand-in"));
    printf("certificates %s\n", access("/etc/ssl/certs/ca-certificates.crt", R_OK) == 0 ? "yes" : "no");
    return 0;
}
