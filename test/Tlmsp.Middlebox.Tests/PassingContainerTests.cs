using System.Buffers;
using System.Text;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>A container that is edited and sent in parts, as far as a window goes.</summary>
public sealed class PassingContainerTests : IDisposable
{
    private readonly InMemoryPath _path = TestPaths.Make(audited: false, Grant.Write(HttpContexts.Headers, HttpContexts.Body)).Connect();
    private readonly ArrayBufferWriter<byte> _output = new();

    [Fact]
    public void Is_cut_where_a_frame_does_not_fit_and_frames_that_were_taken_out_do_not_matter()
    {
        ContainerRelay relay = _path.Middleboxes[0]!.ClientToServer;
        PassingContainer container = Take("tail|A-frame..|B-frame..|C-frame..|D-frame..|E");
        foreach (int start in (int[])[5, 15, 25, 35])
        {
            container.BeginData(start, 10);
        }

        container.RemoveData(15);
        container.Remove(15, 10);

        Assert.Equal(10, container.SendPart(relay, room: 19, _output));
        Assert.Equal("tail|A-frame..|", Received());
        Assert.Null(container.SendPart(relay, room: 9, _output));
        Assert.Equal(10, container.SendPart(relay, room: 10, _output));
        Assert.Equal("tail|A-frame..|C-frame..|", Received());
        Assert.Equal(10, container.DataBytes);
        container.Send(relay, _output);
        Assert.Equal("tail|A-frame..|C-frame..|D-frame..|E", Received());
    }

    [Fact]
    public void Is_not_cut_before_its_first_byte()
    {
        PassingContainer container = Take("A-frame...");
        container.BeginData(0, 10);

        Assert.Null(container.SendPart(_path.Middleboxes[0]!.ClientToServer, room: 9, _output));

        Assert.Equal(0, _output.WrittenCount);
        Assert.False(container.IsPartlySent);
    }

    public void Dispose() => _path.Dispose();

    private PassingContainer Take(string text)
    {
        var wire = new ArrayBufferWriter<byte>();
        _path.Client!.Writer.Write(HttpContexts.Body, Encoding.ASCII.GetBytes(text), wire);
        var container = new PassingContainer();
        var input = new ReadOnlySequence<byte>(wire.WrittenMemory);
        Assert.True(_path.Middleboxes[0]!.ClientToServer.TryOpen(ref input, container.Begin));
        return container;
    }

    private string Received()
    {
        var input = new ReadOnlySequence<byte>(_output.WrittenMemory.ToArray());
        while (_path.Server!.Reader.TryRead(ref input, _path.AtServer))
        {
        }

        _output.Clear();
        return Encoding.ASCII.GetString(_path.AtServer.Data(HttpContexts.Body));
    }
}
