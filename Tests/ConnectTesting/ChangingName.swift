import Foundation

/// A name that is another machine each time it is looked up, as an attacker's name server may have it (DNS rebinding). The system's own look-up is
/// replaced in the programs that are started with `environment`, and for this name alone.
public final class ChangingName: Sendable {
    public static let name = "changing.test"
    private let directory: TemporaryDirectory

    /// - Parameter addresses: an answer for each look-up, the last one for all after it; several addresses with commas between them.
    public init(_ addresses: [String]) throws {
        directory = try TemporaryDirectory()
        let source = try directory.write("name.c", Self.source)
        let built = try ChildRun("cc", ["-std=gnu11", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", directory.path + "/name.so", source])
            .wait()
        guard built.status == 0 else { throw TestFailure(built.errors) }
        try lead(to: addresses)
    }

    /// From now on, and from the first one.
    public func lead(to addresses: [String]) throws {
        try directory.write("answers", addresses.joined(separator: "\n") + "\n")
        try directory.write("asked", "")
    }

    public var environment: [String: String] { ["LD_PRELOAD": directory.path + "/name.so", "CHANGING_NAME": directory.path] }

    /// How often somebody has looked it up.
    public var lookUps: Int { directory.contents("asked")?.count ?? 0 }

    /// A byte is appended for each look-up, and its place says which answer it is.
    private static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <netdb.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>

        static int answer(char *line, size_t size) {
          char path[4096];
          const char *directory = getenv("CHANGING_NAME");
          snprintf(path, sizeof path, "%s/asked", directory ? directory : "");
          int asked = open(path, O_WRONLY | O_APPEND);
          if (asked < 0 || write(asked, ".", 1) != 1) return -1;
          long place = (long)lseek(asked, 0, SEEK_CUR);
          close(asked);
          snprintf(path, sizeof path, "%s/answers", directory);
          FILE *answers = fopen(path, "r");
          if (!answers) return -1;
          for (long line_number = 0; line_number < place; line_number++)
            if (!fgets(line, (int)size, answers)) break;
          fclose(answers);
          line[strcspn(line, "\\n")] = 0;
          return 0;
        }

        int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list) {
          int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
          char line[256] = "";
          if (!name || strcmp(name, "\(name)") != 0) return real(name, service, hints, list);
          if (answer(line, sizeof line) != 0) return EAI_FAIL;
          *list = NULL;
          for (char *address = strtok(line, ","); address; address = strtok(NULL, ",")) {
            int code = real(address, service, hints, list);
            if (code != 0) return code;
            while (*list) list = &(*list)->ai_next;
          }
          return 0;
        }
        """
}
