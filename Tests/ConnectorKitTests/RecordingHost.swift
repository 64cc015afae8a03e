import PluginABI

/// A `ch_call` of a host that remembers what it is told.
final class RecordingHost {
    private(set) var message: String?
    private(set) var retryAfter: Int64 = 0
    var isCancelled = false
    let call: UnsafeMutablePointer<ch_call>

    init() {
        call = .allocate(capacity: 1)
        call.initialize(to: ch_call())
        call.pointee.struct_size = UInt32(MemoryLayout<ch_call>.size)
        call.pointee.cancel_fd = -1
        call.pointee.ctx = Unmanaged.passUnretained(self).toOpaque()
        call.pointee.is_cancelled = { RecordingHost.of($0)?.isCancelled == true ? 1 : 0 }
        call.pointee.set_error = { call, _, message, _, retryAfter in
            RecordingHost.of(call)?.message = message.map { String(cString: $0) }
            RecordingHost.of(call)?.retryAfter = retryAfter
        }
        call.pointee.log = { _, _, _, _ in }
        call.pointee.progress = { _, _, _, _, _ in }
        call.pointee.step = { _, _, _, _, _ in }
    }

    deinit { call.deallocate() }

    private static func of(_ call: UnsafePointer<ch_call>?) -> RecordingHost? {
        (call?.pointee.ctx).map { Unmanaged<RecordingHost>.fromOpaque($0).takeUnretainedValue() }
    }
}

/// Where the text of a sink goes.
final class CollectedWords {
    private(set) var text = ""

    var sink: ch_sink {
        ch_sink(ctx: Unmanaged.passUnretained(self).toOpaque()) { context, bytes, count in
            guard let context else { return CH_E_INTERNAL }
            let words = Unmanaged<CollectedWords>.fromOpaque(context).takeUnretainedValue()
            words.text += String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
            return CH_OK
        }
    }
}
