import CCurlShims
public import ConnectModel
import Foundation

/// One HTTP call.
public struct HTTPRequest: Sendable {
    public var method: String
    public var url: String
    public var headers: [(String, String)]
    public var body: [UInt8]

    public init(_ method: String, _ url: String, headers: [(String, String)] = [], body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

public struct HTTPResponse: Sendable {
    public var status: Int
    /// The first 64 KiB.
    public var body: [UInt8]
    public var retryAfterMilliseconds: Int64?

    /// What a status means for the one who asked, or nil for success.
    public func failure(_ peer: String, detail: String? = nil) -> ConnectError? {
        if (200..<300).contains(status) { return nil }
        let words = detail.map { ": \($0)" } ?? "."
        switch status {
        case 401, 403, 407:
            return ConnectError(
                "delivery.refused", .authentication, "\(peer) refused the call with status \(status)\(words)", remedy: "Check the secret.")
        case 408, 425, 429, 500...599:
            return ConnectError(
                "delivery.status", .transient, "\(peer) answered with status \(status)\(words)", retryAfterMilliseconds: retryAfterMilliseconds)
        case 300..<400:
            return ConnectError(
                "delivery.redirect", .configuration, "\(peer) sends callers to another address (status \(status)), which is not followed.",
                remedy: "Set the address it moved to, if it is the right one.")
        default:
            return ConnectError("delivery.status", .configuration, "\(peer) answered with status \(status)\(words)", remedy: "Check the address.")
        }
    }
}

/// HTTP by libcurl. Blocks; for plain threads.
public struct HTTPClient: Sendable {
    public var policy: AddressPolicy
    /// PEM file of authorities in place of the system's; nil: the system's.
    public var caFile: String?
    public var userAgent: String

    public init(policy: AddressPolicy, caFile: String? = nil, userAgent: String = "connecthost") {
        self.policy = policy
        self.caFile = caFile
        self.userAgent = userAgent
    }

    /// Makes the call. A redirect that keeps the method is followed on the same host only, three times at most. Any status is an answer.
    /// - Parameter peer: what messages call the far side.
    public func call(_ request: HTTPRequest, peer: String, limits: CallLimits) throws(DeliveryFailure) -> HTTPResponse {
        var request = request
        let end = ContinuousClock.now + .milliseconds(limits.milliseconds)
        for _ in 0..<3 {
            var rest = limits
            let left = end - ContinuousClock.now
            rest.milliseconds = max(1, left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000)
            let (response, target) = try once(request, peer: peer, limits: rest)
            guard [307, 308].contains(response.status), let target, Self.isSameOrigin(target, request.url) else { return response }
            request.url = target
        }
        throw DeliveryFailure(
            ConnectError("delivery.redirect", .configuration, "\(peer) sends callers around in a circle.", remedy: "Correct its address."))
    }

    private func once(_ request: HTTPRequest, peer: String, limits: CallLimits) throws(DeliveryFailure) -> (HTTPResponse, String?) {
        let handle = try CurlHandle(policy, limits)
        handle.set(CURLOPT_URL, request.url)
        handle.set(CURLOPT_USERAGENT, userAgent)
        if let caFile { handle.set(CURLOPT_CAINFO, caFile) }
        if request.method == "POST" {
            handle.setPost(request.body)
        } else {
            handle.set(CURLOPT_CUSTOMREQUEST, request.method)
        }
        // "Expect:" leaves out a wait for an interim answer that many servers never send.
        handle.set(CURLOPT_HTTPHEADER, request.headers.map { "\($0.0): \($0.1)" } + ["Expect:"])
        let code = handle.perform()
        guard code == CURLE_OK else {
            throw DeliveryFailure(CurlSentences.error(code, handle, peer), isUnsure: handle.sentBytes > 0 || (code == CURLE_GOT_NOTHING))
        }
        let wait = handle.lines.last { $0.lowercased().hasPrefix("retry-after:") }.flatMap {
            Int64($0.dropFirst(12).trimmingCharacters(in: .whitespaces))
        }
        return (HTTPResponse(status: handle.status, body: handle.body, retryAfterMilliseconds: wait.map { min($0, 86_400) * 1000 }), handle.redirect)
    }

    private static func isSameOrigin(_ left: String, _ right: String) -> Bool {
        guard let left = URLComponents(string: left), let right = URLComponents(string: right) else { return false }
        return left.scheme?.lowercased() == right.scheme?.lowercased() && left.host?.lowercased() == right.host?.lowercased()
            && (left.port ?? port(left)) == (right.port ?? port(right))
    }

    private static func port(_ address: URLComponents) -> Int { address.scheme?.lowercased() == "https" ? 443 : 80 }
}
