using System.Text;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <content>Heads that inspectors changed, in the containers that the old ones came in.</content>
internal sealed partial class VerdictWriter
{
    private void Change(MessageFlow flow)
    {
        HttpHead head = flow.Message.Head!;
        if (profile.Version == HttpWireVersion.Http2)
        {
            PassAs(flow.Head, Http2HeadWriter.Write(head, EndsStream(flow.Head)));
            return;
        }

        if (profile.Secrets is not { } secrets)
        {
            PassAs(flow.Head, WithEnd(HeadWriter.Write(head, secrets: null, static _ => false)));
            return;
        }

        byte[] before = HeadWriter.Write(flow.OriginalHead!, secrets: true, IsSecret);
        byte[] sensitive = HeadWriter.Write(head, secrets: true, IsSecret);
        bool isSame = before.AsSpan().SequenceEqual(sensitive);
        if (!isSame && flow.Message.Rights.Secret != TlmspAccess.Write)
        {
            throw new InspectionRightException("To change a sensitive field", direction, HttpRole.Secret, TlmspAccess.Write);
        }

        byte secretId = profile.IdOf(direction, HttpRole.Secret);
        List<ContainerRun> lines = [.. flow.Head.Where(run => run.Container.Held.ContextId != secretId)];
        List<ContainerRun> apart = [.. flow.Head.Where(run => run.Container.Held.ContextId == secretId)];
        flow.Head.Clear();
        byte[] main = HeadWriter.Write(head, secrets: false, IsSecret);
        if (isSame)
        {
            ContainerRun.PassAll(apart);
            PassWithEnd(lines, main);
            return;
        }

        if (apart.Count > 0)
        {
            PassAs(apart, sensitive);
            PassWithEnd(lines, main);
            return;
        }

        // Its own container, between the fields and the blank line (http-mapping §9).
        PassingContainer container = lines[0].Container;
        if (lines[^1].Container == container && lines[^1].Start + lines[^1].Length != container.Held.PlaintextLength)
        {
            throw new InvalidOperationException("A sensitive field cannot be added to a head that shares its container with another.");
        }

        PassAs(lines, main);
        container.InsertBehind(secretId, sensitive);
        container.InsertBehind(profile.IdOf(direction, HttpRole.Head), "\r\n"u8.ToArray());

        bool IsSecret(string name) => secrets.Contains(Encoding.Latin1.GetBytes(name));
    }

    /// <summary>What the flags of a HEADERS frame say (RFC 9113 §6.2), whose header may lie in several containers.</summary>
    private static bool EndsStream(List<ContainerRun> frames)
    {
        const int flagsOffset = 4;
        int skip = flagsOffset;
        foreach (ContainerRun run in frames)
        {
            if (skip < run.Length)
            {
                return (run.Container.Held.Plaintext.Span[run.Start + skip] & 1) != 0;
            }

            skip -= run.Length;
        }

        throw new InvalidOperationException("A head without frames.");
    }

    /// <summary>The blank line stays behind the sensitive fields, in the last bytes of the head.</summary>
    private static void PassWithEnd(List<ContainerRun> lines, byte[] main)
    {
        if (lines.Count == 1)
        {
            PassAs(lines, WithEnd(main));
            return;
        }

        ContainerRun last = lines[^1];
        lines.RemoveAt(lines.Count - 1);
        PassAs(lines, main);
        last.Pass("\r\n"u8);
    }

    private static byte[] WithEnd(byte[] lines) => [.. lines, .. "\r\n"u8];

    private static void PassAs(List<ContainerRun> runs, ReadOnlyMemory<byte> bytes)
    {
        foreach (ContainerRun run in runs)
        {
            run.Pass(bytes.Span);
            bytes = default;
        }

        runs.Clear();
    }
}
