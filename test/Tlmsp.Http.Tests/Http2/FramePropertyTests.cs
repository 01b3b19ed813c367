using FsCheck;
using FsCheck.Fluent;

namespace Tlmsp.Http.Tests.Http2;

/// <summary>Whatever an endpoint sends and however it is cut up, the other one reads exactly that, and nothing else from anywhere else.</summary>
public class FramePropertyTests
{
    private static readonly HttpProfile[] s_profiles =
        [HttpProfile.Two.For(HttpWireVersion.Http2), HttpProfile.Four.For(HttpWireVersion.Http2), HttpProfile.Five];

    /// <summary>One frame of a connection that is right, by what is drawn for it.</summary>
    private static readonly Gen<(int Kind, int Stream, int Size, bool Flag)> s_step =
        from kind in Gen.Choose(0, 7)
        from stream in Gen.Choose(0, 4)
        from size in Gen.Frequency((8, Gen.Choose(0, 300)), (1, Gen.Choose(16_000, 16_384)))
        from flag in ArbMap.Default.GeneratorFor<bool>()
        select (kind, stream, size, flag);

    private static readonly Gen<(byte[] Stream, int Profile, int[] Cuts)> s_case =
        from steps in s_step.ListOf()
        from profile in Gen.Choose(0, 2)
        from cuts in Gen.Choose(1, 700).NonEmptyListOf()
        select (Connection(steps), profile, cuts.ToArray());

    [Fact]
    public void Split_and_joined_is_what_was_sent() => Check(400, (stream, profile, cuts) =>
    {
        var containers = Frames.Split(HttpDirection.Request, profile, Cut(stream, cuts));
        byte[] joined = Frames.Join(Joiner(profile), profile, HttpDirection.Request, containers);

        Assert.Equal(stream, joined);
        Assert.All(containers, container => Assert.InRange(container.Bytes.Length, 1, ContainerWriter.MaxPlaintext));
    });

    [Fact]
    public void Containers_cut_smaller_on_the_way_join_all_the_same() => Check(200, (stream, profile, cuts) =>
    {
        var containers = Frames.Split(HttpDirection.Request, profile, [stream])
            .SelectMany(container => Cut(container.Bytes, cuts).Select(bytes => (container.ContextId, bytes)));

        Assert.Equal(stream, Frames.Join(Joiner(profile), profile, HttpDirection.Request, containers));
    });

    [Fact]
    public void As_few_containers_are_used_as_contexts_change() => Check(200, (stream, profile, cuts) =>
    {
        var containers = Frames.Split(HttpDirection.Request, profile, Cut(stream, cuts));

        for (int i = 1; i < containers.Count; i++)
        {
            Assert.True(
                containers[i].ContextId != containers[i - 1].ContextId || containers[i - 1].Bytes.Length == ContainerWriter.MaxPlaintext);
        }
    });

    [Fact]
    public void A_container_in_another_context_is_refused() => Check(200, (stream, profile, cuts) =>
    {
        var containers = Frames.Split(HttpDirection.Request, profile, Cut(stream, cuts));
        int moved = cuts[0] % containers.Count;
        byte from = containers[moved].ContextId;

        // A container of extensions alone may come with control or with heads.
        byte[] ids = [.. profile.ContextIds.Where(
            id => id != from && IsForRequests(id) && (from != HttpContexts.Control || id == HttpContexts.RequestBody))];
        containers[moved] = (ids[cuts[^1] % ids.Length], containers[moved].Bytes);

        Assert.Throws<HttpMappingException>(() => Frames.Join(Joiner(profile), profile, HttpDirection.Request, containers));
    });

    [Fact]
    public void Bytes_of_any_kind_are_refused_or_delivered_as_they_came() => Check(600, (stream, profile, cuts) =>
    {
        byte[] changed = [.. stream];
        changed[cuts[0] * 31 % changed.Length] ^= (byte)(cuts[^1] | 1);
        var containers = Frames.Split(HttpDirection.Request, profile, [stream]);
        int at = 0;
        var damaged = containers.Select(container => (container.ContextId, changed[at..(at += container.Bytes.Length)])).ToArray();
        var joined = new System.Buffers.ArrayBufferWriter<byte>();
        Http2Joiner joiner = Joiner(profile);
        try
        {
            foreach ((byte contextId, byte[] bytes) in damaged)
            {
                joiner.Accept(profile.RoleOf(contextId, HttpDirection.Request), contextId, bytes, joined);
            }
        }
        catch (HttpMappingException)
        {
            // Refused, and with no other exception.
        }

        Assert.Equal(changed[..joined.WrittenCount], joined.WrittenSpan.ToArray());
    });

    private static Http2Joiner Joiner(HttpProfile profile) =>
        new(HttpDirection.Request, new Http2Streams(), profile, HttpFramerLimits.Default);

    private static void Check(int count, Action<byte[], HttpProfile, int[]> property) =>
        Prop.ForAll(s_case.ToArbitrary(), each => property(each.Stream, s_profiles[each.Profile], each.Cuts))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(count));

    private static bool IsForRequests(byte contextId) => HttpContexts.Known(contextId).Direction is null or HttpDirection.Request;

    private static IEnumerable<byte[]> Cut(byte[] bytes, int[] cuts)
    {
        for (int at = 0, i = 0; at < bytes.Length; i++)
        {
            int length = Math.Min(cuts[i % cuts.Length], bytes.Length - at);
            yield return bytes[at..(at + length)];
            at += length;
        }
    }

    /// <summary>The client's half of a connection that follows the rules.</summary>
    private static byte[] Connection(IEnumerable<(int Kind, int Stream, int Size, bool Flag)> steps)
    {
        var bytes = new List<byte>(Frames.ClientStart);
        var open = new List<uint>();
        uint next = 1;
        foreach ((int kind, int choice, int size, bool flag) in steps)
        {
            uint stream = open.Count > 0 ? open[choice % open.Count] : 0;
            switch (kind)
            {
                case 0:
                    bytes.AddRange(Frames.Headers(next, endStream: flag));
                    Track(next, flag);
                    next += 2;
                    break;
                case 1:
                    bytes.AddRange(Frames.Headers(next, endStream: flag, flags: 0));
                    bytes.AddRange(Frames.Make(9, 0, next, new byte[size % 500]));
                    bytes.AddRange(Frames.Make(9, Frames.EndHeaders, next, new byte[size % 10]));
                    Track(next, flag);
                    next += 2;
                    break;
                case 2 or 3 when stream != 0:
                    bytes.AddRange(Frames.Make(0, flag ? Frames.EndStream : (byte)0, stream, new byte[size]));
                    Close(stream, flag);
                    break;
                case 4 when stream != 0:
                    byte padding = (byte)Math.Min(size / 2, 255);
                    bytes.AddRange(
                        Frames.Make(0, Frames.Padded, stream, [padding, .. Enumerable.Repeat((byte)'x', size / 3), .. new byte[padding]]));
                    break;
                case 5 when stream != 0:
                    bytes.AddRange(flag ? Frames.Headers(stream, endStream: true) : Frames.Make(3, 0, stream, 0, 0, 0, 8));
                    Close(stream, true);
                    break;
                case 6:
                    bytes.AddRange(Frames.Make(8, 0, stream, 0, 0, 0, 9));
                    break;
                default:
                    bytes.AddRange(flag ? Frames.Make(0x10, 0, 0, new byte[size]) : Frames.Make(6, 0, 0, new byte[8]));
                    break;
            }
        }

        return [.. bytes];

        void Track(uint stream, bool ended)
        {
            if (!ended)
            {
                open.Add(stream);
            }
        }

        void Close(uint stream, bool ended)
        {
            if (ended)
            {
                open.Remove(stream);
            }
        }
    }
}
