internal import CSSHShims
internal import ConnectorKit
internal import Glibc
internal import Synchronization

/// A flag that can be raised from any thread and waited for with poll.
///
/// Stays raised. The descriptors live as long as the object, so raising never meets a closed one.
final class CancelSignal: Sendable {
    private let raised = Atomic<Bool>(false)
    private let readingEnd: Int32
    private let writingEnd: Int32

    init() throws(ConnectorError) {
        var ends: [Int32] = [-1, -1]
        guard ch_ssh_pipe(&ends) == 0 else { throw ConnectorError.outOfDescriptors(errno) }
        readingEnd = ends[0]
        writingEnd = ends[1]
    }

    deinit {
        close(readingEnd)
        close(writingEnd)
    }

    var isRaised: Bool { raised.load(ordering: .acquiring) }
    /// Readable once raised.
    var descriptor: Int32 { readingEnd }

    func raise() {
        guard !raised.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var byte: UInt8 = 1
        // The pipe holds this one byte and nothing else, so the write cannot fail for want of room.
        _ = write(writingEnd, &byte, 1)
    }
}
