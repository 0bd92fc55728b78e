using System.Text;

namespace DockMon.Engine.Tests;

public sealed class JsonDocumentReaderTests
{
    private const string Three = "{\"message\":\"a}\\\"{\"}\r\n {\"message\":\"\u00e9\",\"more\":[{\"x\":[1,2.5]}]}{\"message\":\"c\"} \n";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Documents_are_found_wherever_the_bytes_are_divided()
    {
        var bytes = Encoding.UTF8.GetBytes(Three);
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            using var reader = new JsonDocumentReader(new PiecewiseStream(bytes[..cut], bytes[cut..]), JsonLimits.Line);
            (await ReadAllAsync(reader)).ShouldBe(["a}\"{", "\u00e9", "c"]);
        }
    }

    [Fact]
    public async Task Documents_are_found_when_every_byte_comes_alone()
    {
        var pieces = Encoding.UTF8.GetBytes(Three).Select(b => new[] { b }).ToArray();
        using var reader = new JsonDocumentReader(new PiecewiseStream(pieces), JsonLimits.Line);
        (await ReadAllAsync(reader)).ShouldBe(["a}\"{", "\u00e9", "c"]);
    }

    [Fact]
    public async Task A_stream_cut_anywhere_inside_a_document_is_an_error()
    {
        var bytes = Encoding.UTF8.GetBytes("""{"message":"a","more":[1,{"x":null}]}""");
        for (var cut = 1; cut < bytes.Length; cut++)
        {
            using var reader = new JsonDocumentReader(new PiecewiseStream(bytes[..cut]), JsonLimits.Line);
            var error = await Should.ThrowAsync<EngineException>(() => ReadAllAsync(reader));
            error.Message.ShouldBe("the Docker engine's stream ended in the middle of a JSON document");
        }
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("{\"message\":\"a\"}rubbish")]
    [InlineData("{\"message\":[1]}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{]")]
    public async Task Garbage_is_an_error(string text)
    {
        using var reader = new JsonDocumentReader(new PiecewiseStream(Encoding.UTF8.GetBytes(text), "      "u8.ToArray()), JsonLimits.Line);
        await Should.ThrowAsync<EngineException>(() => ReadAllAsync(reader));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n")]
    public async Task Nothing_is_no_document(string text)
    {
        using var reader = new JsonDocumentReader(new PiecewiseStream(Encoding.UTF8.GetBytes(text)), JsonLimits.Line);
        (await ReadAllAsync(reader)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_document_of_many_megabytes_is_read_to_its_end_and_cut_and_the_next_one_is_read_as_ever()
    {
        var bytes = Encoding.UTF8.GetBytes($$"""{"message":"{{new string('x', 20_000_000)}}","more":["y"]}{"message":"b"}""");
        using var reader = new JsonDocumentReader(new PiecewiseStream(bytes), JsonLimits.Line);
        (await reader.NextAsync(Ct)).ShouldBeTrue();
        reader.Get(EngineJson.Default.ErrorBody).Message.ShouldNotBeNull().ShouldEndWith("xx… (cut, 20000000 bytes)");
        reader.ShouldSatisfyAllConditions(() => reader.Length.ShouldBe(20_000_027), () => reader.Cuts.ShouldBe(1));
        (await ReadAllAsync(reader)).ShouldBe(["b"]);
        reader.Cuts.ShouldBe(0);
    }

    [Fact]
    public async Task A_document_that_is_not_what_it_should_be_does_not_keep_the_next_one_from_being_read()
    {
        using var reader = new JsonDocumentReader(new PiecewiseStream(Encoding.UTF8.GetBytes("{\"message\":[1]}{\"message\":\"b\"}")), JsonLimits.Line);
        (await reader.NextAsync(Ct)).ShouldBeTrue();
        Should.Throw<EngineException>(() => reader.Get(EngineJson.Default.ErrorBody));
        (await ReadAllAsync(reader)).ShouldBe(["b"]);
    }

    [Fact]
    public async Task A_document_that_is_too_deep_is_an_error()
    {
        using var reader = new JsonDocumentReader(new PiecewiseStream(Encoding.UTF8.GetBytes("{\"x\":" + new string('[', 200))), JsonLimits.Line);
        await Should.ThrowAsync<EngineException>(() => ReadAllAsync(reader));
    }

    private static async Task<List<string?>> ReadAllAsync(JsonDocumentReader reader)
    {
        var found = new List<string?>();
        while (await reader.ReadAsync(EngineJson.Default.ErrorBody, Ct) is { } body)
        {
            found.Add(body.Message);
        }

        return found;
    }
}
