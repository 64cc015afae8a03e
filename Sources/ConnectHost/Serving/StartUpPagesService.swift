import CHostShims
import Foundation
import Logging
import Synchronization

/// Gives back, once, the memory that only the server's start needed: pages of the program and its libraries through which the linker and the command
/// line went, and empty pages of the heap. Most of what an idle server would otherwise hold; what is used again is in the page cache.
final class StartUpPagesService: BackgroundService {
    let name = "start-up pages"
    /// When it was first called; nil once it has done its work.
    private let begin = Mutex<Int64?>(.max)
    /// By then every service has had its first look.
    private static let afterMilliseconds: Int64 = 5000

    func perform(_ context: ServiceContext) throws -> Int64? {
        let due = begin.withLock { begin -> Int64? in
            guard let known = begin else { return nil }
            let first = min(known, context.now)
            begin = context.now < first + Self.afterMilliseconds ? first : nil
            return first + Self.afterMilliseconds
        }
        guard let due, context.now >= due else { return due }
        // Outside of the line for the log, which is not even made when nobody asks for it.
        let mappings = StartUpPages.release()
        context.log.debug("start-up.released", metadata: ["mappings": "\(mappings)"])
        return nil
    }
}

/// The process's own mappings, as the kernel lists them.
enum StartUpPages {
    /// Returns how many mappings were let go.
    static func release() -> Int {
        // Without the list nothing is released, which costs memory alone.
        guard let list = FileHandle(forReadingAtPath: "/proc/self/smaps") else { return 0 }
        defer { try? list.close() }
        var text = Data()
        // The kernel gives a page at a time and no size beforehand, which reading a file "whole" takes for all of it.
        while let piece = try? list.read(upToCount: 1 << 16), !piece.isEmpty { text += piece }
        let ranges = unchangedRanges(String(decoding: text, as: UTF8.self))
        for range in ranges { madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED) }
        chs_trim_heap()
        return ranges.count
    }

    /// The code of the program and its libraries, where this process has changed no page: dropping that loses nothing. Libraries are never closed here, so
    /// nothing else can have come to a range's place since the list was read; of other mappings nobody could say that.
    static func unchangedRanges(_ smaps: String) -> [Range<UInt>] {
        var found: [Range<UInt>] = []
        var candidate: Range<UInt>?
        for line in smaps.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            if words.count >= 5, let dash = words[0].firstIndex(of: "-"), let begin = UInt(words[0][..<dash], radix: 16),
                let end = UInt(words[0][words[0].index(after: dash)...], radix: 16), begin < end
            {
                let isCode = words.count > 5 && words[5].hasPrefix("/") && words[1] == "r-xp"
                candidate = isCode ? begin..<end : nil
            } else if words.first == "Anonymous:", words.count > 1, words[1] == "0", let range = candidate {
                found.append(range)
                candidate = nil
            }
        }
        return found
    }
}
