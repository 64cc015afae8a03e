import ConnectModel
import Delivery
import Foundation
import StoreAPI
import Synchronization

/// Launches campaigns after a load (ACT-3).
final class CampaignCourier: Sendable {
    private let host: Installation
    private let session = Mutex<CampaignSession?>(nil)

    init(_ host: Installation) { self.host = host }

    func deliver(_ message: OutboxMessage, stop: @escaping @Sendable () -> Bool) throws(DeliveryFailure) -> Delivered {
        guard case .launch(let order, _) = message.content else {
            throw DeliveryFailure(ConnectError("outbox.defect", .internal, "Message \(message.id) is no launch."))
        }
        let endpoint: CampaignEndpoint
        let secret: Secret?
        let client: HTTPClient
        do {
            endpoint = try host.existingCampaignEndpoint()
            secret = try endpoint.secret.map { try host.resolve($0, .setting(Installation.campaignSetting, "secret")) }
            client = try host.httpClient()
        } catch {
            throw DeliveryFailure(.of(error))
        }
        let limits = CallLimits(milliseconds: endpoint.timeoutSeconds * 1000, stop: stop)
        do throws(DeliveryFailure) {
            switch endpoint.profile {
            case .plain: return try post(order, id: message.id, endpoint, secret, client, limits)
            case .rest:
                guard let user = endpoint.user, let secret else {
                    throw DeliveryFailure(ConnectError("campaigns.login", .configuration, "The campaign endpoint has no user or password."))
                }
                return try schedule(order, id: message.id, RESTLogin(url: endpoint.url, user: user, password: secret), client, limits)
            }
        } catch {
            var failure = error
            failure.error = failure.error.redacted([secret, session.withLock { $0?.token }].compactMap { $0 })
            throw failure
        }
    }

    // MARK: - The profile rest

    /// An expired token is made anew once; the call was then refused and is made again.
    private func schedule(_ order: LaunchOrder, id: String, _ login: RESTLogin, _ client: HTTPClient, _ limits: CallLimits) throws(DeliveryFailure)
        -> Delivered
    {
        var current = try current(login, client, limits)
        for isLast in [false, true] {
            let response = try client.call(try request(order, id: id, current), peer: "The campaign service", limits: limits)
            if current.isRefused(response), !isLast {
                current = try renewed(current, login, client, limits)
                continue
            }
            if let error = response.failure("The campaign service", detail: CampaignSession.detail(response)) { throw DeliveryFailure(error) }
            return Delivered(receipt: CampaignSession.receipt(response))
        }
        return Delivered()
    }

    private func current(_ login: RESTLogin, _ client: HTTPClient, _ limits: CallLimits) throws(DeliveryFailure) -> CampaignSession {
        let now = host.clock()
        if let known = session.withLock({ $0 }), known.login == login.url + login.user {
            return known.isOld(atUnixMilliseconds: now) ? try renewed(known, login, client, limits) : known
        }
        let new = try CampaignSession.begin(login, client, limits, atUnixMilliseconds: now)
        session.withLock { $0 = new }
        return new
    }

    private func renewed(_ old: CampaignSession, _ login: RESTLogin, _ client: HTTPClient, _ limits: CallLimits) throws(DeliveryFailure)
        -> CampaignSession
    {
        let now = host.clock()
        let new: CampaignSession
        if let refreshed = try old.refreshed(login, client, limits, atUnixMilliseconds: now) {
            new = refreshed
        } else {
            new = try CampaignSession.begin(login, client, limits, atUnixMilliseconds: now)
        }
        session.withLock { $0 = new }
        return new
    }

    private struct Schedule: Encodable {
        struct Options: Encodable {
            var progressEmailAddresses: [String]
            var progressChunk: String?
        }

        let scheduleType = "NOW"
        var launchOptions: Options?
    }

    private func request(_ order: LaunchOrder, id: String, _ session: CampaignSession) throws(DeliveryFailure) -> HTTPRequest {
        let options =
            order.progressTo.isEmpty
            ? nil
            : Schedule.Options(
                progressEmailAddresses: order.progressTo, progressChunk: order.progressEvery.flatMap { CampaignEndpoint.progressChunks[$0] })
        return HTTPRequest(
            "POST", "\(session.endPoint)/rest/api/v1.3/campaigns/\(FormText.encoded(order.campaign))/schedule",
            headers: [("Authorization", session.token.reveal()), ("Content-Type", "application/json"), ("Idempotency-Key", FormText.header(id))],
            body: try FormText.json(Schedule(launchOptions: options)))
    }

    // MARK: - The profile plain

    private struct Launch: Encodable {
        var id: String
        var campaign: String
        var progress_to: [String]
        var progress_every: Int64?
    }

    private func post(
        _ order: LaunchOrder, id: String, _ endpoint: CampaignEndpoint, _ secret: Secret?, _ client: HTTPClient, _ limits: CallLimits
    ) throws(DeliveryFailure) -> Delivered {
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", FormText.header(id))]
        let url = endpoint.url.replacingOccurrences(of: "{campaign}", with: FormText.encoded(order.campaign))
        let body = Launch(id: id, campaign: order.campaign, progress_to: order.progressTo, progress_every: order.progressEvery)
        let response = try client.call(
            HTTPRequest(
                "POST", url, headers: headers + (secret.map { [("Authorization", "Bearer \($0.reveal())")] } ?? []), body: try FormText.json(body)),
            peer: "The campaign endpoint", limits: limits)
        if let error = response.failure("The campaign endpoint") { throw DeliveryFailure(error) }
        return Delivered(receipt: "status \(response.status)")
    }
}

/// Text on its way into an HTTP call.
enum FormText {
    static func encoded(_ text: String) -> String {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        return text.utf8.map { plain.contains($0) ? String(UnicodeScalar($0)) : String(format: "%%%02X", $0) }.joined()
    }

    /// Ids hold names that people gave; a header takes printable ASCII.
    static func header(_ text: String) -> String {
        text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? text : encoded(text)
    }

    static func json(_ value: some Encodable) throws(DeliveryFailure) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return [UInt8](try encoder.encode(value)) } catch {
            throw DeliveryFailure(ConnectError("delivery.defect", .internal, "A call could not be written: \(error)"))
        }
    }
}
