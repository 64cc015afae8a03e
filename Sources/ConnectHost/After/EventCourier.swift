import ConnectModel
import Delivery
import Foundation
import StoreAPI

/// Tells one hook of one event (ACT-2): by an HTTP POST, or to a program of this machine.
struct EventCourier {
    private let host: Installation

    init(_ host: Installation) { self.host = host }

    func deliver(_ message: OutboxMessage, stop: @escaping @Sendable () -> Bool) throws(DeliveryFailure) -> Delivered {
        guard case .event(let name, let event, let outcome) = message.content else {
            throw DeliveryFailure(ConnectError("outbox.defect", .internal, "Message \(message.id) is no event."))
        }
        let hook: EventHook
        let body: [UInt8]
        do {
            hook = try host.existingHook(message.target)
            body = try CloudEvent(id: event, name: name, outcome: outcome, source: "urn:connecthost:\(host.identity())").json()
        } catch {
            throw DeliveryFailure(.of(error))
        }
        return try deliver(body, id: event, to: hook, stop: stop)
    }

    /// `id` is the event's own.
    func deliver(_ body: [UInt8], id: String, to hook: EventHook, stop: @escaping @Sendable () -> Bool) throws(DeliveryFailure) -> Delivered {
        switch hook.way {
        case .webhook(let url): try post(body, id: id, to: url, hook, stop)
        case .command(let path, let arguments): try run(path, arguments, body, id: id, hook)
        }
    }

    private func post(_ body: [UInt8], id: String, to url: String, _ hook: EventHook, _ stop: @escaping @Sendable () -> Bool) throws(DeliveryFailure)
        -> Delivered
    {
        let now = host.clock() / 1000
        var headers = [
            ("Content-Type", "application/cloudevents+json; charset=utf-8"), ("webhook-id", id), ("webhook-timestamp", String(now)),
            ("Idempotency-Key", id),
        ]
        var secrets: [Secret] = []
        let client: HTTPClient
        do {
            for (key, reference) in hook.secrets {
                let secret = try host.resolve(reference, .hook(hook.name, key))
                secrets.append(secret)
                if key == "signing" { headers += WebhookSignature.headers(id: id, atUnixSeconds: now, body: body, secret: secret) }
                if key == "bearer" { headers.append(("Authorization", "Bearer \(secret.reveal())")) }
            }
            client = try host.httpClient()
        } catch {
            throw DeliveryFailure(.of(error))
        }
        let peer = "Hook \"\(hook.name)\""
        let response = try client.call(
            HTTPRequest("POST", url, headers: headers, body: body), peer: peer,
            limits: CallLimits(milliseconds: hook.timeoutSeconds * 1000, stop: stop))
        // What the far side answers in words is not passed on: it may be anything.
        if let error = response.failure(peer) { throw DeliveryFailure(error.redacted(secrets)) }
        return Delivered(receipt: "status \(response.status)")
    }

    /// Without a shell, in an environment of its own that holds no secret.
    private func run(_ path: String, _ arguments: [String], _ body: [UInt8], id: String, _ hook: EventHook) throws(DeliveryFailure) -> Delivered {
        let result: SupervisedChild.Result
        do {
            result = try SupervisedChild.run(
                [path] + arguments, input: Data(body), seconds: Int(hook.timeoutSeconds),
                environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "CONNECTHOST_EVENT_ID": id])
        } catch {
            throw DeliveryFailure(
                ConnectError(
                    "hook.start", .configuration, "Hook \"\(hook.name)\": \(path) cannot be started.", remedy: "Check that it exists and may be run.")
            )
        }
        guard result.succeeded else {
            let words = result.lastWords.split(separator: "\n").last.map { ": \($0.prefix(200))" } ?? ""
            let ending = result.timedOut ? "took longer than \(hook.timeoutSeconds) s and was killed" : result.ending
            throw DeliveryFailure(
                ConnectError(
                    "hook.failed", .transient, "Hook \"\(hook.name)\": \(path) \(ending)\(words)",
                    remedy: "Run it by hand with an event as its input."))
        }
        return Delivered(receipt: "exit code 0")
    }
}
